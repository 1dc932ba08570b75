import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LANGS = ['ru', 'uk', 'en'] as const;
export type Lang = (typeof LANGS)[number];
const KEY = 'otklik-lang';

const catalogues = {
  ru: () => import('./ru.json'),
  uk: () => import('./uk.json'),
  en: () => import('./en.json'),
};

function isLang(value: string | null): value is Lang {
  return value === 'ru' || value === 'uk' || value === 'en';
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The person's choice, else the browser's languages in their order, else Russian. */
export function pickLang(saved: string | null, wanted: readonly string[]): Lang {
  if (isLang(saved)) return saved;
  for (const tag of wanted) {
    const base = tag.slice(0, 2).toLowerCase();
    if (isLang(base)) return base;
  }
  return 'ru';
}

export async function startLanguage(): Promise<void> {
  const lng = pickLang(stored(), navigator.languages);
  const catalogue = await catalogues[lng]();
  await i18next.use(initReactI18next).init({
    lng,
    // A missing key shows itself; the catalogue test keeps that from shipping.
    fallbackLng: false,
    resources: { [lng]: { translation: catalogue.default } },
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
  });
  document.documentElement.lang = lng;
}

export async function setLanguage(lng: Lang): Promise<void> {
  const catalogue = await catalogues[lng]();
  i18next.addResourceBundle(lng, 'translation', catalogue.default);
  await i18next.changeLanguage(lng);
  document.documentElement.lang = lng;
  try {
    localStorage.setItem(KEY, lng);
  } catch {
    // Without storage the choice holds for this tab.
  }
}
