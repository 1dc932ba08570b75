import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { can } from '~/access/session';
import { api } from '~/api/client';
import type { Page } from '~/api/types';
import { useSession } from '~/app/router';
import { useFormat } from '~/design/format';
import type { useAct } from './api';
import type { CareItem, Found } from './types';

/** Customers by a few words. */
export function Finder({ onChoose }: { onChoose: (found: Found) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [text, setText] = useState('');
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), 250);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useQuery({
    queryKey: ['care-people', asked],
    enabled: asked.length >= 2,
    queryFn: ({ signal }) => api.get<Page<Found>>('/api/inbox/people', { search: asked }, signal),
  });
  return (
    <div className="col tight">
      <TextInput
        aria-label={t('care.person.search')}
        placeholder={t('care.person.search')}
        value={text}
        onChange={(e) => setText(e.target.value)}
      />
      {asked.length >= 2 && found.data && (
        <ul className="care-found">
          {found.data.items.map((row) => (
            <li key={row.id}>
              <Button
                fullWidth
                justify="space-between"
                variant="default"
                size="compact-md"
                onClick={() => onChoose(row)}
                rightSection={<span className="dim small">{row.phones[0] ?? row.emails[0] ?? f.n(row.orders)}</span>}
              >
                {row.name}
              </Button>
            </li>
          ))}
          {found.data.items.length === 0 && <li className="dim">{t('care.person.none')}</li>}
        </ul>
      )}
    </div>
  );
}

/** Whose words they are; unknown ones are linked with one press. */
export function Person({ item, act }: { item: CareItem; act: ReturnType<typeof useAct> }) {
  const { t } = useTranslation();
  const session = useSession();
  const [other, setOther] = useState(false);
  const link = (customer_id: string) => {
    setOther(false);
    act.mutate({ verb: 'change', body: { customer_id } });
  };
  return (
    <section className="col tight">
      <h3>{t('care.person.title')}</h3>
      {item.customer_id ? (
        <>
          <div className="row wrap tight">
            {can(session, 'people') ? (
              <Link to="/people/$id" params={{ id: item.customer_id }} className="strong">
                {item.name}
              </Link>
            ) : (
              <span className="strong">{item.name}</span>
            )}
            {item.mention?.linked_by === 'contact' && <span className="pill">{t('care.person.byContact')}</span>}
          </div>
          <div className="row wrap tight">
            <Button variant="subtle" size="compact-sm" onClick={() => setOther(!other)}>
              {t('care.person.other')}
            </Button>
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => link('')}>
              {t('care.person.unlink')}
            </Button>
          </div>
        </>
      ) : (
        <p className="dim">{t('care.person.unknown')}</p>
      )}
      {(!item.customer_id || other) && <Finder onChoose={(row) => link(row.id)} />}
    </section>
  );
}
