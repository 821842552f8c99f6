// The blind test. Events: 'choose' {number, side}, 'more' {}, 'go' {screen}.
let answered = 0;
const section = () => element.querySelector('.blind-test');
const choose = side => {
  const number = Number(section()?.dataset.trial || 0);
  if (!number || number === answered || !element.querySelector('[data-side]')) return;
  answered = number; // one answer a trial, even after a double click
  trigger('choose', {number, side});
};
element.addEventListener('click', event => {
  const side = event.target.closest('[data-side]'), go = event.target.closest('[data-go]');
  if (side) choose(Number(side.dataset.side));
  else if (event.target.closest('[data-more]')) trigger('more', {});
  else if (go) trigger('go', {screen: go.dataset.go});
});
// One listener for the page, even when this script runs again.
window.palate = window.palate || {};
window.palate.blind && window.palate.blind.abort();
window.palate.blind = new AbortController();
document.addEventListener('keydown', event => {
  const open = document.querySelector('.mast[data-screen="blind_test"]');
  if (!open || event.repeat || !window.palate.free(event)) return;
  if (event.target.closest?.('input, textarea, dialog')) return;
  const number = window.palate.number(event);
  if (number && !number.dislike && (number.value === 1 || number.value === 2)) choose(number.value - 1);
}, {signal: window.palate.blind.signal});
