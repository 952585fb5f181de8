export function SubscriptionsPage() { return <p/>; }
