// The presenter's view of an audience's vote: the QR code, live counts, the end of the vote. It has no event: the
// script of the question picks the winner, as if the presenter had pressed it.
const root = document.documentElement, KEEP = 'palate-audience';
const token = () => document.querySelector('.mast')?.dataset.token || '';
const round = () => document.querySelector('.round[data-busy="0"]');
const on = () => root.classList.contains('audience');
const part = name => element.querySelector(name);
let picked = '', drawn = '';

const turn = enabled => {
  root.classList.toggle('audience', enabled);
  if (enabled) sessionStorage.setItem(KEEP, token()); else sessionStorage.removeItem(KEEP);
  drawn = '';
  if (enabled) ask();
};
const show = now => {
  if (drawn !== token()) {
    drawn = token();
    part('.code img').src = `audience/${token()}/code.svg`;
  }
  part('.address').textContent = now.link.replace(/^https?:\/\//, '');
  const counts = now.counts || [], most = Math.max(1, ...counts), all = counts.reduce((a, b) => a + b, 0);
  const texts = part('[data-texts]').dataset;
  part('.counts').replaceChildren(...counts.map((votes, option) => {
    const row = document.createElement('li'), bar = document.createElement('i');
    row.setAttribute('aria-label', texts.row.replace('{number}', option + 1).replace('{votes}', votes));
    row.append(Object.assign(document.createElement('b'), {textContent: option + 1}), bar,
      Object.assign(document.createElement('span'), {textContent: votes}));
    bar.style.setProperty('--share', votes / most);
    return row;
  }));
  const text = now.left === null || now.left === undefined ? texts.votes : texts.left.replace('{seconds}', now.left);
  const said = text.replace('{votes}', all);
  if (part('[data-state]').textContent !== said) part('[data-state]').textContent = said;
  part('[data-close-vote]').disabled = part('[data-close-in]').disabled = !all;
  const shown = round()?.dataset.shown;
  if (now.winner !== null && now.winner !== undefined && now.shown === shown && picked !== shown) {
    picked = shown;
    window.palate.pickWinner(now.winner);
  }
};
const ask = async more => {
  const here = token();
  if (!on() || !here || !part('.audience') || document.querySelector('.mast').dataset.screen !== 'rounds') return;
  const body = JSON.stringify({shown: round()?.dataset.shown || '', ...more});
  try {
    const answer = await fetch(`audience/${here}`, {method: 'POST', body});
    if (answer.ok && here === token()) show(await answer.json());
  } catch { /* the next request follows soon */ }
};
element.addEventListener('click', event => {
  if (event.target.closest('[data-close-vote]')) ask({close: true});
  else if (event.target.closest('[data-close-in]')) ask({close_in: Number(event.target.closest('[data-close-in]').dataset.closeIn)});
  else if (event.target.closest('[data-end]')) turn(false);
});
window.palate = Object.assign(window.palate || {}, {audience: turn});
clearInterval(window.palate.asking);
window.palate.asking = setInterval(() => {
  const kept = sessionStorage.getItem(KEEP);
  if (token() && Boolean(kept && kept === token()) !== on()) turn(kept === token());
  ask();
}, 700);
