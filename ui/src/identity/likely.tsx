import { Button } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '~/api/client';
import type { Candidate, Page } from '~/api/types';
import { useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import './identity.css';

export interface HalfKnown {
  name?: string;
  phone?: string;
  email?: string;
  address?: string;
}

/** What is worth asking about: a few letters or digits name nobody. */
export function askable(form: HalfKnown): HalfKnown | undefined {
  const out: HalfKnown = {};
  for (const key of ['name', 'phone', 'email', 'address'] as const) {
    const text = form[key]?.trim();
    if (text) out[key] = text;
  }
  const digits = out.phone?.replace(/\D/g, '').length ?? 0;
  const enough = (out.name?.length ?? 0) >= 3 || digits >= 7 || /.@./.test(out.email ?? '');
  return enough ? out : undefined;
}

/** Customers that a half-filled form may mean, asked for when the typing rests. */
export function useLikely(form: HalfKnown, except?: string) {
  const asked = JSON.stringify(askable(form) ?? null);
  const [settled, setSettled] = useState('null');
  useEffect(() => {
    const timer = setTimeout(() => setSettled(asked), 350);
    return () => clearTimeout(timer);
  }, [asked]);
  const query = useQuery({
    queryKey: ['likely', settled],
    queryFn: ({ signal }) => api.post<Page<Candidate>>('/api/customers/candidates', JSON.parse(settled), { signal }),
    enabled: settled !== 'null',
    placeholderData: settled === 'null' ? undefined : keepPreviousData,
    staleTime: 10_000,
  });
  const found = settled === 'null' ? [] : (query.data?.items ?? []).filter((c) => c.customer.id !== except);
  return { found, looking: query.isFetching || (asked !== 'null' && asked !== settled) };
}

/** The warning beside a form that is being filled in: who this may be, how surely and why. */
export function Likely({
  found,
  onSame,
  others,
  onOther,
}: {
  found: Candidate[];
  /** The person of the form is this customer. */
  onSame?: (customer: Candidate['customer']) => void;
  /** Customers said to be other people. */
  others?: string[];
  onOther?: (id: string) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  return (
    <div aria-live="polite">
      {found.length > 0 && (
        <section className="note likely" data-tone="warn">
          <IconUsers size={18} />
          <div className="grow col tight">
            <span className="strong">{t('likely.title')}</span>
            <ul className="plain col tight">
              {found.slice(0, 4).map(({ customer, probability, reasons }) => {
                const other = others?.includes(customer.id);
                return (
                  <li key={customer.id} className="likely-one">
                    <div className="row wrap tight">
                      <Link to="/people/$id" params={{ id: customer.id }} target="_blank" title={t('likely.open')}>
                        {customer.name || t('people.unnamed')}
                      </Link>
                      <span className="pill num">{f.pct(probability, 0)}</span>
                      <span className="small num">
                        {[...customer.phones, ...customer.emails].slice(0, 2).join(', ')}
                      </span>
                    </div>
                    <div className="small">
                      {reasons
                        .filter((r) => r.weight !== 0)
                        .map((r) => `${word(`field.${r.field}`)}: ${word(`level.${r.level}`)}`)
                        .join(' · ')}
                    </div>
                    <div className="row wrap tight">
                      {onSame && !other && (
                        <Button size="compact-xs" variant="default" onClick={() => onSame(customer)}>
                          {t('likely.same')}
                        </Button>
                      )}
                      {onOther &&
                        (other ? (
                          <span className="pill">{t('likely.kept')}</span>
                        ) : (
                          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onOther(customer.id)}>
                            {t('likely.other')}
                          </Button>
                        ))}
                    </div>
                  </li>
                );
              })}
            </ul>
          </div>
        </section>
      )}
    </div>
  );
}
