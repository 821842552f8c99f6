// Before Gradio's script, which needs the browser's storage. Where the storage is blocked, a stand-in in memory
// takes its place. Where it is full, the new value is lost. Both set the class keeps-nothing for the page.
{
  const tell = () => {
    document.documentElement.classList.add('keeps-nothing');
    document.dispatchEvent(new Event('keeps-nothing'));
  };

  const inMemory = () => {
    const kept = new Map();
    return {
      get length() { return kept.size; },
      key: index => [...kept.keys()][index] ?? null,
      getItem: name => kept.get(String(name)) ?? null,
      setItem: (name, value) => { kept.set(String(name), String(value)); },
      removeItem: name => { kept.delete(String(name)); },
      clear: () => kept.clear(),
    };
  };
  for (const name of ['localStorage', 'sessionStorage']) {
    let found = null;
    try { found = window[name]; found?.getItem('palate'); } catch { found = null; }
    if (found) continue;
    Object.defineProperty(window, name, {value: inMemory(), configurable: true});
    tell();
  }

  // In a full storage the value before must not stay, or the page would later open another session.
  const put = Storage.prototype.setItem;
  Storage.prototype.setItem = function (name, value) {
    try { put.call(this, name, value); } catch (error) {
      if (name !== 'palate') throw error;
      this.removeItem(name);
      try { put.call(this, name, value); } catch { tell(); }
    }
  };
}
