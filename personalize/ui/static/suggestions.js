// Suggestions of known subjects while a person types, as a combobox with a list. No event. By keyboard: arrows,
// Enter, Escape; by touch or mouse: press one. Without a list of known subjects the script does nothing.
const data = element.querySelector('[data-subjects]');
const subjects = data ? JSON.parse(data.dataset.subjects) : [];
const FIELDS = '#subject, #wish, #mix-subject', MOST = 6;
const ARTICLE = /^(an?|the|ein|eine|einen|der|die|das|une?|les?|la|des)(\s+|$)/;

// As `folded` of vocabulary/nearest_words.py: small letters without accents, and words.
const folded = text => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('œ', 'oe').replaceAll('æ', 'ae')
  .normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^\p{L}\p{N}]+/gu, ' ').trimStart();

// How well a subject fits what was typed: 0 best, 9 not at all. Names that are shown come before other names.
const fit = ([phrase, names, search], typed, last) => {
  const shown = [phrase, names[document.documentElement.lang] || phrase].map(name => folded(name).trim());
  return Math.min(...search.split(' | ').map(name => {
    const bare = name.replace(ARTICLE, ''), hidden = shown.includes(name) ? 0 : 0.5;
    if (bare.startsWith(typed)) return hidden;
    if ((' ' + bare).includes(' ' + typed)) return 1 + hidden;
    return last && (' ' + bare).includes(' ' + last) ? 2 + hidden : 9;
  }));
};

const found = (text, all) => {
  const typed = folded(text).replace(ARTICLE, '');
  if (!typed.trim()) return all ? subjects : [];
  const last = typed.includes(' ') ? typed.trim().split(' ').pop() : '';
  const rated = subjects.map(one => [fit(one, typed, last.length > 1 ? last : ''), one]);
  const kept = rated.filter(([score]) => score < 9).sort((a, b) => a[0] - b[0]).map(([, one]) => one);
  // A whole subject needs no suggestion, and the list would cover the button. An arrow key still shows it.
  return !all && kept.some(([phrase]) => phrase === text.trim().toLowerCase()) ? [] : kept.slice(0, MOST);
};

if (subjects.length) {
  const list = document.createElement('ul');
  Object.assign(list, {id: 'suggested', hidden: true});
  list.setAttribute('role', 'listbox');
  (element.closest('main') || document.body).append(list);
  let field = null, active = -1;

  const place = () => {
    if (!field || list.hidden) return;
    const at = field.getBoundingClientRect(), base = (list.offsetParent || document.body).getBoundingClientRect();
    Object.assign(list.style, {left: at.left - base.left + 'px', top: at.bottom - base.top + 6 + 'px', width: at.width + 'px'});
  };
  const mark = number => {
    active = number;
    [...list.children].forEach((option, n) => option.setAttribute('aria-selected', String(n === active)));
    const option = list.children[active];
    if (option) field.setAttribute('aria-activedescendant', option.id);
    else field.removeAttribute('aria-activedescendant');
    option?.scrollIntoView({block: 'nearest'});
  };
  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    field?.setAttribute('aria-expanded', 'false');
    field?.removeAttribute('aria-activedescendant');
  };
  const open = all => {
    const language = document.documentElement.lang;
    const offered = found(field.value, all);
    list.replaceChildren(...offered.map(([phrase, names], number) => {
      const option = document.createElement('li'), word = document.createElement('span');
      Object.assign(option, {id: 'suggested-' + number});
      option.setAttribute('role', 'option');
      option.dataset.phrase = phrase;
      Object.assign(word, {textContent: phrase, lang: 'en'});
      option.append(word);
      if (names[language]) option.append(' ', Object.assign(document.createElement('small'), {textContent: names[language]}));
      return option;
    }));
    if (!offered.length) return close();
    list.hidden = false;
    list.setAttribute('aria-label', field.closest('label')?.innerText.trim() || field.getAttribute('aria-label') || '');
    field.setAttribute('aria-expanded', 'true');
    mark(-1);
    place();
  };
  const take = phrase => {
    field.value = phrase;
    field.dispatchEvent(new Event('input', {bubbles: true}));
    close();
  };

  const prepare = input => {
    const facts = {role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'suggested', autocomplete: 'off'};
    if (!input.hasAttribute('aria-controls')) for (const [name, value] of Object.entries(facts)) input.setAttribute(name, value);
  };
  const typedIn = target => target.matches?.('input, textarea') && target.closest(FIELDS);
  const prepareAll = () => document.querySelectorAll(FIELDS).forEach(block => block.querySelectorAll('input, textarea').forEach(prepare));
  prepareAll();
  setTimeout(prepareAll, 0);
  document.addEventListener('focusin', event => {
    if (!typedIn(event.target)) return;
    field = event.target;
    prepare(field);
  });
  document.addEventListener('focusout', event => { if (event.target === field) close(); });
  // Only what a person types: a text that the page fills in is not suggested on.
  document.addEventListener('input', event => {
    if (event.target === field && event.isTrusted) open(false);
  });
  // Before Gradio, which begins at Enter.
  document.addEventListener('keydown', event => {
    if (event.target !== field || event.isComposing || event.ctrlKey || event.metaKey) return;
    const count = list.children.length;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (event.altKey && event.key === 'ArrowUp') return close();
      if (list.hidden) open(true);
      else mark((active + (event.key === 'ArrowDown' ? 1 : -1) + count + (active < 0 && event.key === 'ArrowUp' ? 1 : 0)) % count);
    } else if (event.key === 'Enter' && active >= 0) take(list.children[active].dataset.phrase);
    else if (event.key === 'Escape' && !list.hidden) close();
    else {
      if (event.key === 'Enter') close();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  list.addEventListener('pointerdown', event => event.preventDefault()); // the field keeps the focus
  list.addEventListener('mousedown', event => event.preventDefault());
  list.addEventListener('click', event => {
    const option = event.target.closest('[role="option"]');
    if (option) take(option.dataset.phrase);
  });
  addEventListener('resize', place);
}
