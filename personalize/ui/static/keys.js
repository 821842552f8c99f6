// Which number or letter a key means, on every keyboard layout: palate.number(event), palate.letter(event).
window.palate = window.palate || {};
{
  // The value of a decimal digit in any script ("3", Arabic or Persian three); -1 for another key.
  const value = text => {
    if (!/^\p{Nd}$/u.test(text)) return -1;
    const code = text.codePointAt(0), low = code & 15; // scripts have their zero at ...0 or at ...6
    return /^\p{Nd}$/u.test(String.fromCodePoint(code - low)) ? low : low - 6;
  };
  const withAltGraph = event => event.getModifierState('AltGraph');

  // Whether a key is free for the page: a modifier other than Shift belongs to the browser.
  window.palate.free = event => !event.metaKey && (withAltGraph(event) || !event.ctrlKey && !event.altKey);

  // {value, dislike}, or null. A typed digit wins, also with Shift (AZERTY, Czech). Otherwise the place of the key
  // counts. With Shift it then marks a picture as disliked.
  window.palate.number = event => {
    const place = /^(Digit|Numpad)(\d)$/.exec(event.code), typed = value(event.key);
    if (!place) return typed < 0 ? null : {value: typed, dislike: false};
    if (place[1] === 'Numpad') {
      if (typed >= 0) return {value: typed, dislike: event.shiftKey};
      return event.getModifierState('NumLock') ? {value: Number(place[2]), dislike: true} : null;
    }
    if (typed >= 0) { learn(event.shiftKey); return {value: typed, dislike: false}; }
    if (withAltGraph(event)) return null;
    if (!event.shiftKey) learn(true);
    return {value: Number(place[2]), dislike: event.shiftKey};
  };

  // The typed Latin letter. On other scripts it is the letter that a US keyboard has in that place.
  window.palate.letter = event => {
    const typed = event.key.toLowerCase(), place = /^Key([A-Z])$/.exec(event.code);
    return place && typed.length === 1 && typed > '\x7f' ? place[1].toLowerCase() : typed;
  };

  // Where digits need Shift, the page shows another sheet of keys.
  const learn = shifted => document.documentElement.classList.toggle('shifted-digits', shifted);
  navigator.keyboard?.getLayoutMap?.().then(
    map => learn(map.has('Digit1') && value(map.get('Digit1')) < 0), () => {});
}
