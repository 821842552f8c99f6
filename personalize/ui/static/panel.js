// Panels with buttons. Events: 'go' {screen}, 'leave' {word}, 'stop' {}.

// Put the taste card up on the booth's wall, or take it down; only the button and its sentence change.
const hang = async button => {
  const status = button.parentElement.querySelector('[role="status"]');
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.wall, {method: button.dataset.up ? 'DELETE' : 'POST'});
    const now = await answer.json();
    status.textContent = answer.ok ? now.sentence : now.error;
    if (answer.ok) { button.dataset.up = now.state; button.textContent = now.button; }
  } catch { status.textContent = window.palate.words.not_done; }
  button.disabled = false;
  button.focus();
};
element.addEventListener('click', event => {
  const go = event.target.closest('[data-go]');
  const compare = event.target.closest('[data-compare]');
  if (compare) {
    // Lay one picture over the other; the slider moves the edge between them.
    const pair = compare.closest('.pair'), range = pair.querySelector('input[type="range"]');
    const over = pair.classList.toggle('over');
    compare.setAttribute('aria-pressed', String(over));
    range.hidden = !over;
    if (over) range.focus();
    return;
  }
  if (event.target.closest('[data-stop]')) { trigger('stop'); return; }
  const wall = event.target.closest('[data-wall]');
  if (wall) { hang(wall); return; }
  const word = event.target.closest('[data-word]');
  if (word) { trigger('leave', {word: word.dataset.word}); return; }
  const zoom = event.target.closest('[data-zoom]');
  if (go) trigger('go', {screen: go.dataset.go});
  else if (zoom) window.palate.openLarge(zoom, [...element.querySelectorAll('[data-zoom]')], null);
});
element.addEventListener('input', event => {
  const pair = event.target.closest('.pair');
  if (pair) pair.style.setProperty('--cut', event.target.value + '%');
});
