// How far the pictures of the open round are: the blank cards of the question grow. No event.
watch('value', () => {
  const told = element.querySelector('[data-of]'), round = document.querySelector('#picker .round');
  if (!told || !round || round.dataset.busy !== '1' || round.dataset.round !== told.dataset.of) return;
  round.querySelectorAll('.grown').forEach(bar => { bar.style.width = `${told.dataset.share}%`; });
  const left = round.querySelector('.left');
  if (left && left.textContent !== told.dataset.left) left.textContent = told.dataset.left;
});
