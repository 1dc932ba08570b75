import { useTranslation } from 'react-i18next';

/**
 * The catalogue's word for a code that came from the server (`timeline.letter_sent`). A code that is newer than the
 * catalogue is shown as it is, readable, never hidden.
 */
export function useWord(): (key: string, values?: Record<string, unknown>) => string {
  const { t, i18n } = useTranslation();
  return (key, values) => {
    if (i18n.exists(key, { count: 1 })) return (t as (k: string, v?: Record<string, unknown>) => string)(key, values);
    return key.slice(key.lastIndexOf('.') + 1).replaceAll('_', ' ');
  };
}
