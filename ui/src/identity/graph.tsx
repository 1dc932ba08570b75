import '@xyflow/react/dist/style.css';
import { Background, type Edge, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { GraphData } from '~/api/types';
import { useFormat } from '~/design/format';
import { Reasons } from './customer';

type RecordNode = Node<{ name: string; source: string; contact: string }, 'record'>;

function RecordBox({ data }: NodeProps<RecordNode>) {
  return (
    <div className="graph-node">
      <Handle type="target" position={Position.Top} style={{ opacity: 0 }} />
      <b>{data.name}</b>
      <span className="dim">{data.source}</span>
      {data.contact && <div className="num">{data.contact}</div>}
      <Handle type="source" position={Position.Bottom} style={{ opacity: 0 }} />
    </div>
  );
}

const nodeTypes = { record: RecordBox };

/** The records of one person and the links that hold them together; a link opens its reasons. */
export default function Graph({ data }: { data: GraphData }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [picked, setPicked] = useState(0);
  const nodes = useMemo<RecordNode[]>(() => {
    const n = data.nodes.length;
    // A ring needs no iterations and looks the same each time; two records stand side by side.
    const radius = n <= 2 ? 150 : Math.max(170, n * 34);
    return data.nodes.map((node, i) => {
      const angle = (2 * Math.PI * i) / Math.max(1, n) + Math.PI;
      return {
        id: node.record_id,
        type: 'record',
        position: { x: radius * 1.25 * Math.cos(angle), y: n <= 2 ? 0 : radius * 0.72 * Math.sin(angle) },
        data: {
          name: node.name || node.label,
          source: [node.source, node.label].filter(Boolean).join(' · '),
          contact: [node.phone, node.email].filter(Boolean).join(' '),
        },
      };
    });
  }, [data]);
  const edges = useMemo<Edge[]>(
    () =>
      data.links.map((link, i) => ({
        id: String(i),
        source: link.a,
        target: link.b,
        type: 'straight',
        label: f.pct(link.probability, 1),
        style: {
          strokeWidth: Math.max(1.2, Math.min(5, link.weight / 5)),
          stroke: i === picked ? 'var(--o-accent)' : 'var(--o-line-2)',
        },
        labelStyle: { fill: 'var(--o-ink-2)', fontSize: 11 },
        labelBgStyle: { fill: 'var(--o-panel)' },
      })),
    [data, picked, f],
  );
  const link = data.links[picked];
  return (
    <div className="main-aside">
      <div className="graph card flush">
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          fitView
          nodesConnectable={false}
          proOptions={{ hideAttribution: true }}
          onEdgeClick={(_, edge) => setPicked(Number(edge.id))}
          aria-label={t('card.graph')}
        >
          <Background color="var(--o-line)" gap={22} />
        </ReactFlow>
      </div>
      <div className="col">
        <h2>{t('card.links')}</h2>
        <ul className="merges">
          {data.links.map((l, i) => (
            <li key={i}>
              <button type="button" className="link" aria-pressed={i === picked} onClick={() => setPicked(i)}>
                {labelOf(data, l.a)} ↔ {labelOf(data, l.b)}
              </button>{' '}
              <span className="dim num">{f.pct(l.probability, 1)}</span>
            </li>
          ))}
        </ul>
        {link && <Reasons reasons={link.reasons} />}
      </div>
    </div>
  );
}

function labelOf(data: GraphData, id: string): string {
  const node = data.nodes.find((n) => n.record_id === id);
  return node?.label || id;
}
