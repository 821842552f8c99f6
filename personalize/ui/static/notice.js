// The message above every screen: its button removes it.
element.addEventListener('click', event => {
  if (event.target.closest('[data-close]')) props.value = '';
});
watch('value', () => {
  if (element.querySelector('.notice')) element.scrollIntoView({block: 'nearest'});
});
