// The top of the page: steps, menu, and the functions that all scripts share (window.palate).
// Events: 'go' {screen}, 'again' {}, 'delete' {}, 'speak' {language}.
const make = html => {
  const holder = document.createElement('div');
  holder.innerHTML = html;
  return document.body.appendChild(holder.firstElementChild);
};

const large = make(
  '<dialog class="large" data-label="large"><figure><img alt=""><figcaption></figcaption></figure>' +
  '<div class="tools"><button type="button" data-step="-1" data-label="before">&#8592;</button>' +
  '<button type="button" class="strong" data-choose data-say="choose"></button>' +
  '<button type="button" data-step="1" data-label="next">&#8594;</button>' +
  '<button type="button" data-shut data-say="close"></button></div></dialog>');
let shown = [], at = 0, choose = null;
const turn = to => {
  at = (to + shown.length) % shown.length;
  large.querySelector('img').src = shown[at].dataset.zoom;
  large.querySelector('img').alt = shown[at].dataset.words;
  large.querySelector('figcaption').textContent = shown[at].dataset.words;
};
window.palate = Object.assign(window.palate || {}, {
  make,
  speak: () => speak(element.querySelector('.mast')),
  openLarge(zoom, all, pick) {
    shown = all; choose = pick;
    large.querySelector('[data-choose]').hidden = !pick;
    turn(all.indexOf(zoom));
    large.showModal();
  },
  closeLarge() {
    const open = large.open;
    if (open) large.close();
    return open;
  },
});
large.addEventListener('click', event => {
  const step = event.target.closest('[data-step]');
  if (step) turn(at + Number(step.dataset.step));
  else if (event.target.closest('[data-choose]')) { const pick = choose, index = at; large.close(); pick(index); }
  else if (event.target === large || event.target.closest('[data-shut]')) large.close();
});
large.addEventListener('keydown', event => {
  if (event.key === 'ArrowRight') turn(at + 1);
  if (event.key === 'ArrowLeft') turn(at - 1);
  if (window.palate.letter(event) === 'z' && !choose) large.close();
});

const ask = make(
  '<dialog class="ask" aria-labelledby="ask-title"><h2 id="ask-title" data-say="ask_title"></h2>' +
  '<p data-say="ask_text"></p>' +
  '<div class="tools"><button type="button" class="danger" data-yes data-say="ask_yes"></button>' +
  '<button type="button" data-shut data-say="ask_keep"></button></div></dialog>');
ask.addEventListener('click', event => {
  if (event.target.closest('[data-yes]')) { ask.close(); trigger('delete', {}); }
  else if (event.target === ask || event.target.closest('[data-shut]')) ask.close();
});

element.addEventListener('click', async event => {
  const button = event.target.closest('button');
  if (!button) return;
  const menu = element.querySelector('.menu');
  if (button.dataset.go) trigger('go', {screen: button.dataset.go});
  else if (button.dataset.act === 'again') { menu.open = false; trigger('again', {}); }
  else if (button.dataset.act === 'audience') {
    menu.open = false;
    if (element.querySelector('.mast').dataset.screen !== 'rounds') trigger('go', {screen: 'rounds'});
    window.palate.audience(true);
  } else if (button.dataset.act === 'delete') { menu.open = false; ask.showModal(); }
  else if (button.dataset.copy !== undefined) {
    const field = element.querySelector('.link');
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand('copy'); }
    button.textContent = window.palate.words.copied;
  } else if (button.dataset.speak) {
    menu.open = false;
    if (button.getAttribute('aria-pressed') !== 'true') trigger('speak', {language: button.dataset.speak});
  }
});
document.addEventListener('click', event => {
  const menu = element.querySelector('.menu[open]');
  if (menu && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', event => {
  const menu = element.querySelector('.menu[open]');
  if (menu && event.key === 'Escape') { menu.open = false; menu.querySelector('summary').focus(); }
});

// The masthead contains the texts of all scripts in the reader's language. They are updated when it changes.
const speak = head => {
  const words = window.palate.words = JSON.parse(head.dataset.words);
  document.documentElement.lang = head.dataset.lang;
  document.querySelectorAll('[data-say]').forEach(part => { part.textContent = words[part.dataset.say]; });
  for (const [slider, text] of [['strength', words.strength_number], ['mix-share', words.mix_number]]) {
    const number = document.querySelector(`#${slider} input[type="number"]`);
    if (number) number.setAttribute('aria-label', text);
  }
  document.querySelectorAll('[data-label]').forEach(part => part.setAttribute('aria-label', words[part.dataset.label]));
};

// The menu shows the full link of the session. A link that was opened is removed from the address bar, because
// the browser remembers the session from then on. A browser that keeps nothing gets it in the address bar instead.
let screen = '';
const settle = () => {
  const head = element.querySelector('.mast');
  speak(head);
  const field = element.querySelector('.link');
  const here = new URL(location.href);
  const booth = document.querySelector('.booth');
  const base = booth && booth.dataset.address ? booth.dataset.address.replace(/\/*$/, '/') : here.origin + here.pathname;
  if (field) field.value = base + '?s=' + head.dataset.token;
  const forgetful = document.documentElement.classList.contains('keeps-nothing') && head.dataset.token;
  if (head.dataset.screen !== 'opening' && here.searchParams.get('s') !== (forgetful || null)) {
    if (forgetful) here.searchParams.set('s', forgetful); else here.searchParams.delete('s');
    history.replaceState(null, '', here);
  }
  if (head.dataset.screen !== screen) {
    if (screen && screen !== 'opening') window.scrollTo(0, 0);
    screen = head.dataset.screen;
  }
};
watch('value', settle);
document.addEventListener('keeps-nothing', settle);
settle();
