// The question of a round: cards, keys, and the enlarged picture. Gradio provides `element` and `trigger`.
// Events: 'pick' {index, liked, disliked, round, shown}, 'undo' {round}, 'resume' {},
// 'change_answer' {round, index, shown}. The index is -1 for none of these, which drops the marks. A pick also
// has `next`: the round that the page shows already, or ''.
const section = () => element.querySelector('.round');
const buttons = () => [...element.querySelectorAll('[data-pick]')];

// After an answer by keyboard the focus moves to the same card of the next round.
let focused = -1;
watch('value', () => {
  const button = buttons()[focused];
  if (!button) return;
  focused = -1;
  button.focus({preventScroll: true});
});

// The next round for each likely answer, with its pictures, drawn while the person looks at this one. A pick shows
// them at once, and the server's reply then shows the round itself. They are asked for again when the round or the
// language changes, and once more when all further pictures are drawn.
let ahead = null, asked = '', asking = new AbortController();
const forget = () => { asking.abort(); ahead = null; asked = ''; };
const loaded = () => {
  if (ahead && section()?.dataset.shown === ahead.shown) section().dataset.loaded = ahead.complete ? 'all' : 'next';
};
const ask = async () => {
  const round = section(), token = document.querySelector('.mast')?.dataset.token;
  if (!round || !token || round.dataset.busy === '1') return;
  const shown = round.dataset.shown, language = document.documentElement.lang, which = `${token} ${shown} ${language}`;
  if (asked === which) { loaded(); return; }
  forget();
  asked = which;
  asking = new AbortController();
  try {
    for (const stage of ['next', 'pool']) {
      const address = `ahead/${token}/${shown}.json?language=${language}&stage=${stage}`;
      const answer = await fetch(address, {signal: asking.signal});
      const {rounds, more} = answer.ok ? await answer.json() : {rounds: {}};
      const urls = new Set(Object.values(rounds).flatMap(next => next.cards.map(card => card.url)));
      const pictures = [...urls].map(url => Object.assign(new Image(), {src: url}));
      await Promise.all(pictures.map(picture => picture.decode()));
      if (asked !== which) return;
      if (pictures.length) { ahead = {shown, rounds, pictures, complete: !more}; loaded(); }
      if (!more) return;
    }
  } catch { /* the pick then waits for the server's reply */ }
};
watch('value', ask);
ask();
const leap = (round, {index, liked, disliked}) => {
  if (!ahead || ahead.shown !== round.dataset.shown) return '';
  const next = ahead.rounds.any || (liked.length + disliked.length ? null : ahead.rounds[index]);
  if (!next || next.cards.length !== buttons().length) return '';
  forget();
  buttons().forEach((button, at) => {
    const card = button.closest('.card'), {url, label} = next.cards[at];
    button.querySelector('img').src = url;
    button.setAttribute('aria-label', label);
    card.querySelector('[data-zoom]').dataset.zoom = url;
    card.querySelectorAll('[data-mark]').forEach(mark => mark.setAttribute('aria-pressed', 'false'));
    card.classList.remove('liked', 'disliked');
  });
  round.dataset.ahead = '1';
  return next.shown;
};

// Marks that a person may give before the pick: liked too, or not liked. A second press removes the mark.
const marked = kind => [...element.querySelectorAll(`[data-mark="${kind}"][aria-pressed="true"]`)]
  .map(button => Number(button.dataset.card));
const mark = (kind, index) => {
  const round = section();
  if (!round || round.dataset.busy === '1' || document.documentElement.classList.contains('audience')) return;
  arm('');
  const on = !marked(kind).includes(index);
  element.querySelectorAll(`[data-mark][data-card="${index}"]`).forEach(button => {
    const pressed = on && button.dataset.mark === kind;
    button.setAttribute('aria-pressed', pressed ? 'true' : 'false');
    button.closest('.card').classList.toggle(button.dataset.mark, pressed);
  });
};
// After L or D the next number marks that picture. The buttons of that kind stand out meanwhile.
let armed = '';
const arm = kind => {
  armed = kind && armed !== kind ? kind : '';
  element.querySelectorAll('[data-mark]').forEach(button => button.classList.toggle('armed', button.dataset.mark === armed));
};

// While an audience votes, the presenter can pick nothing but none of these.
const pick = (index, byAudience = false) => {
  const round = section();
  if (!round || round.dataset.busy === '1') return;
  if (index >= 0 && !byAudience && document.documentElement.classList.contains('audience')) return;
  round.dataset.busy = '1';
  round.dataset.picked = '1';
  window.palate.closeLarge();
  focused = element.contains(document.activeElement) ? index : -1;
  const marks = kind => index === -1 ? [] : marked(kind).filter(card => card !== index);
  const answer = {
    index: index, liked: marks('liked'), disliked: marks('disliked'),
    round: Number(round.dataset.round), shown: round.dataset.shown,
  };
  answer.next = leap(round, answer);
  if (!answer.next)
    buttons().forEach((button, at) => button.parentElement.classList.add(at === index ? 'chosen' : 'passed'));
  trigger('pick', answer);
};
const undo = () => {
  const button = element.querySelector('[data-act="undo"]');
  if (!button || button.disabled) return;
  button.disabled = true;
  forget();
  window.palate.closeLarge();
  // Right after a pick its round is still on the screen: the answer to take back is then that pick.
  const round = section();
  trigger('undo', {round: Number(round.dataset.round) + (round.dataset.picked ? 1 : 0)});
};
const enlarge = card => {
  const zoom = card && card.querySelector('[data-zoom]');
  if (zoom) window.palate.openLarge(zoom, [...element.querySelectorAll('[data-zoom]')], pick);
};

// The dialog in which earlier picks can be changed. It is outside of the component, so an update keeps it open.
// It is asked for when it opens: with every round the list of earlier picks would make the replies longer.
document.querySelector('dialog.change-answer')?.remove();
const earlier = document.body.appendChild(document.createElement('dialog'));
earlier.className = 'ask change-answer';
earlier.setAttribute('aria-labelledby', 'change-answer-title');
const openEarlier = async () => {
  const token = document.querySelector('.mast')?.dataset.token;
  try {
    const answer = await fetch(`earlier/${token}.html?language=${document.documentElement.lang}`);
    if (!answer.ok) throw new Error(answer.status);
    earlier.innerHTML = await answer.text();
  } catch {
    earlier.innerHTML = '<p id="change-answer-title"></p><div class="tools"><button type="button" data-shut></button></div>';
    earlier.querySelector('p').textContent = window.palate.words.not_done;
    earlier.querySelector('button').textContent = window.palate.words.close;
  }
  if (!earlier.open) earlier.showModal();
};
earlier.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (event.target === earlier || button?.dataset.shut !== undefined) earlier.close();
  else if (button) {
    earlier.close();
    const {change, index, shown} = button.dataset;
    if (button.getAttribute('aria-pressed') === 'true') return;
    forget();  // another answer asks another question
    trigger('change_answer', {round: Number(change), index: Number(index), shown: shown});
  }
});

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button || button.disabled) return;
  if (button.dataset.pick !== undefined) pick(Number(button.dataset.pick));
  else if (button.dataset.zoom !== undefined) enlarge(button.closest('.card'));
  else if (button.dataset.mark) mark(button.dataset.mark, Number(button.dataset.card));
  else if (button.dataset.act === 'change-answer') openEarlier();
  else if (button.dataset.act === 'none') pick(-1);
  else if (button.dataset.act === 'undo') undo();
  else if (button.dataset.act === 'resume') { button.disabled = true; trigger('resume', {}); }
});

// One listener for the page, even when this script runs again.
window.palate = window.palate || {};
window.palate.pickWinner = index => pick(index, true);
window.palate.keys && window.palate.keys.abort();
window.palate.keys = new AbortController();
document.addEventListener('keydown', event => {
  if (!window.palate.free(event) || event.repeat || event.defaultPrevented) return;
  if (!section() || element.offsetParent === null) return;
  if (event.target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (document.querySelector('dialog.ask[open]')) return;
  const number = window.palate.number(event), key = window.palate.letter(event);
  if (number) {
    if (number.value > buttons().length || number.dislike && number.value === 0) return;
    event.preventDefault();
    if (number.dislike) mark('disliked', number.value - 1);
    else if (armed && number.value > 0) mark(armed, number.value - 1);
    else { arm(''); pick(number.value - 1); }
    return;
  }
  if (key === 'l' || key === 'd') { event.preventDefault(); arm(key === 'l' ? 'liked' : 'disliked'); return; }
  if (armed && key !== 'shift') arm('');
  if (key === 'u' || key === 'backspace') { event.preventDefault(); undo(); }
  else if (key === 'z') {
    event.preventDefault();
    if (window.palate.closeLarge()) return;
    const near = element.querySelector('.card:hover') || document.activeElement.closest('.card');
    enlarge(near && element.contains(near) ? near : element.querySelector('.card'));
  }
}, {signal: window.palate.keys.signal});
