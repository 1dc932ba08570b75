import { useTranslation } from 'react-i18next';
import type { CustomerCard } from '~/api/types';
import { useFormat } from '~/design/format';
import { Card } from '~/design/page';

const fold = (text: string) => text.toLocaleLowerCase().replace(/\s+/g, ' ').trim();

/** One of two cards side by side: what the other has too is green, what differs is yellow. */
export function Side({ card, other }: { card: CustomerCard; other: CustomerCard }) {
  const { t } = useTranslation();
  const f = useFormat();
  const theirs = new Set(other.contacts.map((c) => fold(c.value)));
  const their = new Set(other.addresses.map((a) => fold(a.text)));
  const mark = (same: boolean, present: boolean) => (same ? 'same' : present ? 'differs' : undefined);
  const phones = card.contacts.filter((c) => c.kind === 'phone');
  const mails = card.contacts.filter((c) => c.kind === 'email');
  const lines = (list: typeof phones, present: boolean) =>
    list.length === 0 ? (
      <span className="dim">–</span>
    ) : (
      list.map((c) => (
        <div key={c.id}>
          <span className={mark(theirs.has(fold(c.value)), present)}>{c.value}</span>
        </div>
      ))
    );
  return (
    <Card>
      <div className="col">
        <h2>
          <span className={mark(fold(card.name) === fold(other.name), true)}>{card.name}</span>
        </h2>
        <dl className="facts">
          <dt>{t('roleOf.phone')}</dt>
          <dd>
            {lines(
              phones,
              other.contacts.some((c) => c.kind === 'phone'),
            )}
          </dd>
          <dt>{t('roleOf.email')}</dt>
          <dd>
            {lines(
              mails,
              other.contacts.some((c) => c.kind === 'email'),
            )}
          </dd>
          <dt>{t('roleOf.address')}</dt>
          <dd>
            {card.addresses.length === 0 && <span className="dim">–</span>}
            {card.addresses.map((a) => (
              <div key={a.id}>
                <span className={mark(their.has(fold(a.text)), other.addresses.length > 0)}>{a.text}</span>
              </div>
            ))}
          </dd>
          <dt>{t('people.col.orders')}</dt>
          <dd>
            {f.n(card.totals.orders)} · {f.money(card.totals.revenue?.minor, card.totals.revenue?.currency)}
          </dd>
          <dt>{t('card.last')}</dt>
          <dd>{f.date(card.totals.last_day)}</dd>
        </dl>
        <ul className="contacts small">
          {card.orders.slice(0, 4).map((o) => (
            <li key={o.id}>
              <span className="nowrap dim">{f.date(o.day)}</span>
              <span className="grow cut" title={o.items.map((i) => i.title).join(', ')}>
                {o.items.map((i) => i.title).join(', ')}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}
