// At a booth: the attract loop, and the return to the start when nobody touches the screen. Where phones can reach
// the page, it also shows the QR code of the session. Events: 'again' {}.
const facts = element.querySelector('.booth').dataset, root = document.documentElement;
const here = ['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname);
window.palate.speak();
root.classList.toggle('reachable', Boolean(facts.address) || !here);

const patience = Number(facts.idle) * 1000, countdown = 15000;
if (patience) {
  root.classList.add('kiosk');
  const still = window.palate.make(
    '<dialog class="ask still" aria-labelledby="still-title"><h2 id="still-title" data-say="still_title"></h2>' +
    '<p data-counting></p>' +
    '<div class="tools"><button type="button" class="strong" data-say="still_here"></button></div></dialog>');
  window.palate.speak();
  const attract = element.querySelector('.attract');
  let touched = Date.now();
  const wake = () => {
    touched = Date.now();
    if (still.open) still.close();
    attract.hidden = true;
  };
  for (const name of ['pointerdown', 'keydown', 'wheel']) {
    document.addEventListener(name, wake, {capture: true, passive: true});
  }
  setInterval(() => {
    const screen = document.querySelector('.mast').dataset.screen;
    if (document.querySelector('.round[data-busy="1"], .pairs[aria-busy="true"], .arrival[aria-busy="true"]')) touched = Date.now();
    if (document.cookie.split('; ').includes('palate_paused=1')) touched = Date.now();  // staff paused it
    const idle = Date.now() - touched;
    if (screen === 'start' || screen === 'opening') { attract.hidden = idle < patience; return; }
    if (idle < patience) return;
    if (idle >= patience + countdown) { wake(); window.palate.closeLarge(); trigger('again', {}); return; }
    const seconds = Math.ceil((patience + countdown - idle) / 1000);
    still.querySelector('[data-counting]').textContent = window.palate.words.still_text.replace('{seconds}', seconds);
    if (!still.open) { window.palate.closeLarge(); still.showModal(); }
  }, 250);
}
