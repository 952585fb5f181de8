export function ApisPage() { return <p/>; }
