export function SubscriptionPage() { return <p/>; }
