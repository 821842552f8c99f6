// Example subjects. Event: 'choose' {subject}.
element.addEventListener('click', event => {
  const chip = event.target.closest('[data-subject]');
  if (chip) trigger('choose', {subject: chip.dataset.subject});
});
