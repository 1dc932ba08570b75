import { BarChart, HeatmapChart, LineChart, ScatterChart, TreemapChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

echarts.use([
  BarChart,
  LineChart,
  HeatmapChart,
  ScatterChart,
  TreemapChart,
  GridComponent,
  TooltipComponent,
  LegendComponent,
  MarkLineComponent,
  MarkAreaComponent,
  VisualMapComponent,
  CanvasRenderer,
]);

export type ChartOption = echarts.EChartsCoreOption;
export interface ChartPoint {
  seriesIndex?: number;
  seriesName?: string;
  dataIndex?: number;
  name?: string;
}

function word(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export interface Palette {
  ink: string;
  dim: string;
  line: string;
  panel: string;
  accent: string;
  accent2: string;
  soft: string;
  good: string;
  bad: string;
  warn: string;
}

export function palette(): Palette {
  return {
    ink: word('--o-ink'),
    dim: word('--o-dim'),
    line: word('--o-line'),
    panel: word('--o-panel'),
    accent: word('--o-bar-1'),
    accent2: word('--o-bar-2'),
    soft: word('--o-bar-3'),
    good: '#2f9e6b',
    bad: '#d5544a',
    warn: '#dba039',
  };
}

export default function EChart({
  option,
  height,
  label,
  onPoint,
  onReady,
}: {
  option: (p: Palette) => ChartOption;
  height: number;
  label: string;
  onPoint?: (point: ChartPoint) => void;
  onReady?: (png: () => string) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<echarts.ECharts>(undefined);
  const point = useRef(onPoint);
  point.current = onPoint;

  useEffect(() => {
    if (!box.current) return;
    const instance = echarts.init(box.current);
    chart.current = instance;
    instance.on('click', (event) => point.current?.(event as ChartPoint));
    const resize = new ResizeObserver(() => instance.resize());
    resize.observe(box.current);
    return () => {
      resize.disconnect();
      instance.dispose();
    };
  }, []);

  useEffect(() => {
    const draw = () => {
      const p = palette();
      chart.current?.setOption(
        {
          animationDuration: 240,
          textStyle: { fontFamily: "'Inter Variable', system-ui, sans-serif", color: p.ink },
          color: [p.accent, p.good, p.warn, p.bad, '#9068cf', '#4aa3d8'],
          ...option(p),
        },
        { notMerge: true },
      );
    };
    draw();
    const watch = new MutationObserver(draw);
    watch.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    onReady?.(() => (chart.current ? titled(chart.current, label) : ''));
    return () => watch.disconnect();
  }, [option, onReady, label]);

  return <div ref={box} role="img" aria-label={label} style={{ height, width: '100%' }} />;
}

/** The chart as a picture under its title: away from its page it must still say what it shows. */
function titled(chart: echarts.ECharts, title: string): string {
  const ratio = 2;
  const p = palette();
  const drawn = chart.getRenderedCanvas({ pixelRatio: ratio, backgroundColor: p.panel });
  const sheet = document.createElement('canvas');
  const head = 44 * ratio;
  sheet.width = drawn.width;
  sheet.height = drawn.height + head;
  const pen = sheet.getContext('2d');
  if (!pen) return drawn.toDataURL();
  pen.fillStyle = p.panel;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.fillStyle = p.ink;
  pen.font = `600 ${16 * ratio}px 'Inter Variable', system-ui, sans-serif`;
  pen.textBaseline = 'middle';
  pen.fillText(title, 12 * ratio, head / 2, sheet.width - 24 * ratio);
  pen.drawImage(drawn, 0, head);
  return sheet.toDataURL();
}
