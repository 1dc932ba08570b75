export function BasePage() {
  return null;
}
