export function ImportPage() { return <p/>; }
