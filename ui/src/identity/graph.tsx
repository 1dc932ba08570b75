import { useMediaQuery } from '@mantine/hooks';
import '@xyflow/react/dist/style.css';
import { Background, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { GraphData } from '~/api/types';
import { useFormat } from '~/design/format';
import { useWord } from '~/i18n/word';
import { Reasons } from './customer';

type RecordNode = Node<{ name: string; source: string; contacts: string[]; column: boolean }, 'record'>;

function RecordBox({ data }: NodeProps<RecordNode>) {
  // In a column the links run beside the records, so that none hides behind another.
  const [enter, leave] = data.column ? [Position.Right, Position.Right] : [Position.Top, Position.Bottom];
  return (
    <div className="graph-node">
      <Handle type="target" position={enter} style={{ opacity: 0 }} />
      <b>{data.name}</b>
      <span className="dim">{data.source}</span>
      {data.contacts.map((contact) => (
        <div key={contact} className="num">
          {contact}
        </div>
      ))}
      <Handle type="source" position={leave} style={{ opacity: 0 }} />
    </div>
  );
}

const nodeTypes = { record: RecordBox };
const STEP = 96;
/** More records than this do not stand in a ring without covering each other. */
const RING = 6;
const TALLEST = 960;

/** The records of one person and the links that hold them together; a link opens its reasons. */
export default function Graph({ data }: { data: GraphData }) {
  const { t } = useTranslation();
  const f = useFormat();
  const word = useWord();
  const narrow = useMediaQuery('(max-width: 700px)', undefined, { getInitialValueInEffect: false });
  const [picked, setPicked] = useState(0);
  const n = data.nodes.length;
  const column = narrow || n > RING;
  const tall = column ? n * STEP + 24 : Math.max(300, n * 58 + 130);
  const nodes = useMemo<RecordNode[]>(
    () =>
      data.nodes.map((node, i) => {
        // A ring needs no iterations and looks the same each time; two records stand side by side.
        const angle = (2 * Math.PI * i) / Math.max(1, n) + Math.PI;
        const ring = { x: 270 * Math.cos(angle), y: n <= 2 ? 0 : Math.max(120, n * 27) * Math.sin(angle) };
        return {
          id: node.record_id,
          type: 'record',
          position: column ? { x: 0, y: i * STEP } : ring,
          data: {
            name: node.name || node.label,
            source: [node.source === 'desk' ? t('card.byColleague') : node.source, node.label]
              .filter(Boolean)
              .join(' · '),
            contacts: [node.phone, node.email].filter(Boolean),
            column,
          },
        };
      }),
    [data, column, n, t],
  );
  const edges = useMemo<Edge[]>(
    () =>
      data.links.map((link, i) => ({
        id: String(i),
        source: link.a,
        target: link.b,
        type: column ? 'default' : 'straight',
        label: column || link.kind === 'same_text' ? undefined : f.pct(link.probability, 1),
        animated: false,
        style: {
          strokeWidth: i === picked ? 3 : Math.max(1.4, Math.min(4, link.weight / 5)),
          strokeDasharray: link.kind === 'same_text' ? '4 4' : undefined,
          stroke: i === picked ? 'var(--o-accent)' : 'var(--o-line-2)',
        },
        labelStyle: { fill: 'var(--o-ink-2)', fontSize: 11 },
        labelBgStyle: { fill: 'var(--o-panel)' },
      })),
    [data, picked, f, column],
  );
  const link = data.links[picked];
  const fits = tall <= TALLEST;
  return (
    <div className="col">
      <div className="graph card flush" style={{ height: fits ? tall : 640 }}>
        <ReactFlow
          key={column ? 'column' : 'ring'}
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          fitView={fits}
          fitViewOptions={{ minZoom: 0.5, maxZoom: 1, padding: 0.04 }}
          defaultViewport={{ x: 16, y: 12, zoom: 1 }}
          panOnScroll={!fits}
          zoomOnScroll={false}
          preventScrolling={!fits}
          nodesConnectable={false}
          proOptions={{ hideAttribution: true }}
          onEdgeClick={(_, edge) => setPicked(Number(edge.id))}
          aria-label={t('card.graph')}
        >
          <Background color="var(--o-line)" gap={22} />
        </ReactFlow>
      </div>
      <h2>{t('card.links')}</h2>
      <ul className="merges">
        {data.links.map((l, i) => (
          <li key={i} className="graph-link">
            <button type="button" className="link" aria-pressed={i === picked} onClick={() => setPicked(i)}>
              {labelOf(data, l.a)} ↔ {labelOf(data, l.b)}
            </button>{' '}
            <span className="dim">
              {word(`mergeKind.${l.kind}`)}
              {l.kind !== 'same_text' && <span className="num"> · {f.pct(l.probability, 1)}</span>}
            </span>
            {i === picked && link && link.reasons.length > 0 && <Reasons reasons={link.reasons} />}
          </li>
        ))}
      </ul>
    </div>
  );
}

function labelOf(data: GraphData, id: string): string {
  const node = data.nodes.find((n) => n.record_id === id);
  return node?.label || id;
}
