// The sentence above everything goes away when it is closed.
element.addEventListener('click', event => {
  if (event.target.closest('[data-close]')) props.value = '';
});
watch('value', () => {
  if (element.querySelector('.notice')) element.scrollIntoView({block: 'nearest'});
});
