// Puts «Версия для слабовидящих» on before the first paint, where it was chosen earlier; the rest is in
// components/low_vision.rs. What cannot be read is left out.
try {
  for (const [, name, value] of (localStorage.getItem('epos-low-vision') ?? '').matchAll(/\b(text|colours|spacing|pictures)=(\w+)/g)) {
    document.documentElement.setAttribute(`data-${name}`, value);
  }
} catch {
  // A browser that keeps nothing shows the usual version.
}
