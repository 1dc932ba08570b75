import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { FigureTile } from '~/design/figure';
import { NONE, useFormat } from '~/design/format';
import { Card } from '~/design/page';
import { BoneFigures, Loaded } from '~/design/state';
import { repliesQuery } from './api';
import { Groups, RateCell } from './groups';
import { Period, usePut, useSpan } from './period';

/** Hours and minutes, or days once there are many. */
function useWait(): (minutes: number | null) => string {
  const { t } = useTranslation();
  const f = useFormat();
  return (minutes) => {
    if (minutes === null) return NONE;
    if (minutes >= 2880) return t('care.wait.days', { n: f.n(minutes / 1440, 1) });
    return minutes >= 60 ? t('care.wait.hours', { n: f.n(minutes / 60, 1) }) : t('care.wait.minutes', { n: minutes });
  };
}

/** How soon mentions are answered, and what silence costs. */
export function RepliesPart() {
  const { t } = useTranslation();
  const f = useFormat();
  const wait = useWait();
  const put = usePut();
  const report = useQuery(repliesQuery(useSpan()));
  const log = (reply: string, platform?: string) =>
    put({ tab: 'log', reply, platform, rating: undefined, risk: undefined });
  return (
    <div className="col loose">
      <div className="row wrap">
        <Period />
      </div>
      <Loaded query={report} skeleton={<BoneFigures count={4} />}>
        {(r) => (
          <>
            <div className="figures">
              <FigureTile
                label={t('care.replyState.unanswered')}
                value={f.n(r.unanswered)}
                sub={r.oldest_hours === null ? '' : t('care.replies.oldest', { wait: wait(r.oldest_hours * 60) })}
                onOpen={() => log('unanswered')}
              />
              <FigureTile
                label={t('care.replyState.breached')}
                value={f.n(r.breached)}
                tone={r.breached > 0 ? 'bad' : undefined}
                sub={t('care.replies.sla', { n: r.reply_hours })}
                onOpen={() => log('breached')}
              />
              <FigureTile
                label={t('care.replies.median')}
                value={wait(r.median_minutes)}
                sub={t('care.replies.answered', { n: f.n(r.answered) })}
                onOpen={() => log('answered')}
              />
              <FigureTile
                label={t('care.replies.inSla')}
                value={f.pct(r.in_sla.rate, 0)}
                sub={`${r.in_sla.x} / ${r.in_sla.n} · ${f.pct(r.in_sla.low, 0)}–${f.pct(r.in_sla.high, 0)}`}
                onOpen={() => log('in_time')}
              />
            </div>
            <p className="dim small">{t('care.replies.method')}</p>
            <Card title={t('care.replies.churn')}>
              <Groups groups={r.groups} of="replies" />
            </Card>
            <Card title={t('care.replies.platforms')}>
              <div className="care-scroll">
                <table className="plain-table">
                  <thead>
                    <tr>
                      <th>{t('care.log.platform')}</th>
                      <th className="n">{t('care.log.total')}</th>
                      <th className="n">{t('care.replyState.unanswered')}</th>
                      <th className="n">{t('care.replyState.breached')}</th>
                      <th className="n">{t('care.replies.median')}</th>
                      <th>{t('care.replies.inSla')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {r.by_platform.map((p) => (
                      <tr key={p.platform} data-click onClick={() => log('unanswered', p.platform)}>
                        <td>
                          <button type="button" className="plain" onClick={() => log('unanswered', p.platform)}>
                            {p.platform}
                          </button>
                        </td>
                        <td className="n">{f.n(p.mentions)}</td>
                        <td className="n">{f.n(p.unanswered)}</td>
                        <td className="n">{f.n(p.breached)}</td>
                        <td className="n">{wait(p.median_minutes)}</td>
                        <td>
                          <RateCell rate={p.in_sla} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </Card>
          </>
        )}
      </Loaded>
    </div>
  );
}
