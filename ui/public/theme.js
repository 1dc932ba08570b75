// Runs before the first paint, as a file of its own because the content security policy allows no inline script.
(() => {
  var choice = 'auto';
  try {
    choice = localStorage.getItem('otklik-scheme') || 'auto';
  } catch (_) {
    // Storage can be forbidden; the system's choice is used then.
  }
  var dark = choice === 'dark' || (choice === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
