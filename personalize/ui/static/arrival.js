// The preview of a taste file. Events: 'adopt', 'dismiss'.
element.addEventListener('click', event => {
  const act = event.target.closest('[data-act]');
  if (!act) return;
  if (act.dataset.act === 'adopt') trigger('adopt', {});
  else if (act.dataset.act === 'dismiss') trigger('dismiss', {});
});
