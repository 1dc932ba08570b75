export function LogoMark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--o-bar-1)" />
      <path d="M9 19.5a7 7 0 1 1 5 4.9L9.5 26z" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinejoin="round" />
      <path
        d="m13 17.6 2.4 2.4 4.4-4.8"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
