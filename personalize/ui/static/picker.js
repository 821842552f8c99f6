// The question of a round: cards, keys, and the enlarged picture. Gradio provides `element` and `trigger`.
// Events: 'pick' {index, least, round, shown}, 'undo' {round}, 'resume' {}, 'change_answer' {round, index, shown}.
// The index is -1 for none of these; least is -1 without a least liked picture.
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

// The least liked picture, which a person may mark before the pick. A second press removes the mark.
const least = () => {
  const marked = element.querySelector('[data-least][aria-pressed="true"]');
  return marked ? Number(marked.dataset.least) : -1;
};
const mark = index => {
  const round = section();
  if (!round || round.dataset.busy === '1') return;
  const now = least() === index ? -1 : index;
  element.querySelectorAll('[data-least]').forEach(button => {
    const on = Number(button.dataset.least) === now;
    button.setAttribute('aria-pressed', on ? 'true' : 'false');
    button.closest('.card').classList.toggle('disliked', on);
  });
};

// While an audience votes, the presenter can pick nothing but none of these.
const pick = (index, byAudience = false) => {
  const round = section();
  if (!round || round.dataset.busy === '1') return;
  if (index >= 0 && !byAudience && document.documentElement.classList.contains('audience')) return;
  round.dataset.busy = '1';
  buttons().forEach((button, at) => button.parentElement.classList.add(at === index ? 'chosen' : 'passed'));
  window.palate.closeLarge();
  focused = element.contains(document.activeElement) ? index : -1;
  const worst = index === -1 || least() === index ? -1 : least();
  trigger('pick', {index: index, least: worst, round: Number(round.dataset.round), shown: round.dataset.shown});
};
const undo = () => {
  const button = element.querySelector('[data-act="undo"]');
  if (!button || button.disabled) return;
  button.disabled = true;
  window.palate.closeLarge();
  trigger('undo', {round: Number(section().dataset.round)});
};
const enlarge = card => {
  const zoom = card && card.querySelector('[data-zoom]');
  if (zoom) window.palate.openLarge(zoom, [...element.querySelectorAll('[data-zoom]')], pick);
};

// The dialog in which earlier picks can be changed. It is outside of the component, so an update keeps it open.
document.querySelector('dialog.change-answer')?.remove();
const earlier = document.body.appendChild(document.createElement('dialog'));
earlier.className = 'ask change-answer';
earlier.setAttribute('aria-labelledby', 'change-answer-title');
const openEarlier = () => {
  earlier.innerHTML = element.querySelector('.what-if').innerHTML;
  earlier.querySelector('[data-title]').id = 'change-answer-title';
  earlier.showModal();
};
earlier.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (event.target === earlier || button?.dataset.shut !== undefined) earlier.close();
  else if (button) {
    earlier.close();
    const {change, index, shown} = button.dataset;
    if (button.getAttribute('aria-pressed') !== 'true')
      trigger('change_answer', {round: Number(change), index: Number(index), shown: shown});
  }
});

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button || button.disabled) return;
  if (button.dataset.pick !== undefined) pick(Number(button.dataset.pick));
  else if (button.dataset.zoom !== undefined) enlarge(button.closest('.card'));
  else if (button.dataset.least !== undefined) mark(Number(button.dataset.least));
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
    if (number.value > buttons().length || number.least && number.value === 0) return;
    event.preventDefault();
    if (number.least) mark(number.value - 1); else pick(number.value - 1);
  } else if (key === 'u' || key === 'backspace') { event.preventDefault(); undo(); }
  else if (key === 'z' || key === 'l') {
    event.preventDefault();
    if (key === 'z' && window.palate.closeLarge()) return;
    const near = element.querySelector('.card:hover') || document.activeElement.closest('.card');
    const over = near && element.contains(near) ? near : null;
    if (key === 'z') enlarge(over || element.querySelector('.card'));
    else if (over?.querySelector('[data-least]')) mark(Number(over.querySelector('[data-least]').dataset.least));
  }
}, {signal: window.palate.keys.signal});
