const shapes = ["circle", "circle", "hollow", "square", "diamond"] as const;

/** A status with its colour and a shape of its own: red and green are never the only difference. */
export function StatusChip({ status }: { status: number }) {
  const family = Math.min(5, Math.max(2, Math.floor(status / 100)));
  return (
    <span className="chip" data-shape={shapes[family - 1]} data-status={`${family}xx`}>
      {status}
    </span>
  );
}
