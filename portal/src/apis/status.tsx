const looks: Record<string, { word: string; shape: string; status: string }> = {
  draft: { word: "Draft", shape: "hollow", status: "none" },
  published: { word: "Published", shape: "circle", status: "2xx" },
  unpublished: { word: "Unpublished", shape: "hollow", status: "4xx" },
  archived: { word: "Archived", shape: "square", status: "none" },
};

export function ApiStatus({ status }: { status: string }) {
  const look = looks[status] ?? { word: status, shape: "hollow", status: "none" };
  return (
    <span className="chip" data-shape={look.shape} data-status={look.status}>
      {look.word}
    </span>
  );
}
