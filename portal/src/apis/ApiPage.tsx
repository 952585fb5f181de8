export function ApiPage() { return <p/>; }
