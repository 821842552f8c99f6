// The top of the page: steps, the menu, and what every other script shares (window.palate).
// Events: 'go' {screen}, 'again' {}, 'delete' {}.
const make = html => {
  const holder = document.createElement('div');
  holder.innerHTML = html;
  return document.body.appendChild(holder.firstElementChild);
};

const large = make(
  '<dialog class="large" aria-label="Enlarged picture"><figure><img alt=""><figcaption></figcaption></figure>' +
  '<div class="tools"><button type="button" data-step="-1" aria-label="Picture before">&#8592;</button>' +
  '<button type="button" class="strong" data-choose>Pick this one</button>' +
  '<button type="button" data-step="1" aria-label="Next picture">&#8594;</button>' +
  '<button type="button" data-shut>Close</button></div></dialog>');
let shown = [], at = 0, choose = null;
const turn = to => {
  at = (to + shown.length) % shown.length;
  large.querySelector('img').src = shown[at].dataset.zoom;
  large.querySelector('img').alt = shown[at].dataset.words;
  large.querySelector('figcaption').textContent = shown[at].dataset.words;
};
window.palate = Object.assign(window.palate || {}, {
  make,
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
  if (event.key.toLowerCase() === 'z' && !choose) large.close();
});

const ask = make(
  '<dialog class="ask" aria-labelledby="ask-title"><h2 id="ask-title">Delete everything?</h2>' +
  '<p>Your picks, your pictures and what was learned from them will be gone for good.</p>' +
  '<div class="tools"><button type="button" class="danger" data-yes>Delete my data</button>' +
  '<button type="button" data-shut>Keep it</button></div></dialog>');
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
  else if (button.dataset.act === 'delete') { menu.open = false; ask.showModal(); }
  else if (button.dataset.copy !== undefined) {
    const field = element.querySelector('.link');
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand('copy'); }
    button.textContent = 'Copied';
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

// The link of the session is written out in full, and a link that was opened leaves the address bar: the
// browser remembers the session from then on.
let screen = '';
const settle = () => {
  const head = element.querySelector('.mast');
  const field = element.querySelector('.link');
  const here = new URL(location.href);
  const booth = document.querySelector('.booth');
  const base = booth && booth.dataset.address ? booth.dataset.address.replace(/\/*$/, '/') : here.origin + here.pathname;
  if (field) field.value = base + '?s=' + head.dataset.token;
  if (head.dataset.screen !== 'opening' && here.searchParams.has('s')) {
    here.searchParams.delete('s');
    history.replaceState(null, '', here);
  }
  if (head.dataset.screen !== screen) {
    if (screen && screen !== 'opening') window.scrollTo(0, 0);
    screen = head.dataset.screen;
  }
};
watch('value', settle);
settle();
