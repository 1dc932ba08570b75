export function Forecast(_: { id: string }) {
  return null;
}
