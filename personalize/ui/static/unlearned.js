// The question before a subject that the models have not learned. Event: 'go_on' {subject}.
element.addEventListener('click', event => {
  const button = event.target.closest('[data-subject]');
  if (button) trigger('go_on', {subject: button.dataset.subject});
});
// The question takes the focus, so that a screen reader reads it and Tab leads to the offers.
watch('value', () => {
  const asked = element.querySelector('.unlearned');
  if (!asked) return;
  asked.focus({preventScroll: true});
  asked.scrollIntoView({block: 'nearest'});
});
