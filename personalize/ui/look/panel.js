// Panels with buttons that lead to another screen. Event: 'go' {screen}.
element.addEventListener('click', event => {
  const go = event.target.closest('[data-go]');
  const zoom = event.target.closest('[data-zoom]');
  if (go) trigger('go', {screen: go.dataset.go});
  else if (zoom) window.palate.openLarge(zoom, [...element.querySelectorAll('[data-zoom]')], null);
});
