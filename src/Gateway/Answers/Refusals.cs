using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Gateway.Answers;

/// <summary>The gateway's own answers, all in one place.</summary>
internal static class Refusals
{
    public static readonly Problem PathInvalid = new(400, "PATH_INVALID", "The path has a dot segment, a NUL, a backslash or a fragment, literal or encoded. Send the path that you mean.");
    public static readonly Problem FramingAmbiguous = new(400, "FRAMING_AMBIGUOUS", "The request has both Content-Length and Transfer-Encoding. Send one of them.");
    public static readonly Problem MethodNotImplemented = new(501, "METHOD_NOT_IMPLEMENTED", "The gateway does not take CONNECT or TRACE.");
    public static readonly Problem ApiNotFound = new(404, "API_NOT_FOUND", "No API is served at this address. Addresses have the form /{organization}/{api}/….");
    public static readonly Problem NotReady = new(503, "NOT_READY", "This node is starting. Try again in a moment.") { RetryAfterSeconds = 1 };
    public static readonly Problem Overloaded = new(503, "OVERLOADED", "Too many calls are in flight. Try again in a moment.") { RetryAfterSeconds = 1 };
    public static readonly Problem JournalUnavailable = new(503, "JOURNAL_UNAVAILABLE", "The call cannot be recorded, so it was not served. Nothing was counted.") { RetryAfterSeconds = 5 };
    public static readonly Problem UpstreamUnreachable = new(502, "UPSTREAM_UNREACHABLE", "The API's own server could not be reached or did not answer properly. The call was not counted.");
    public static readonly Problem UpstreamTimeout = new(504, "UPSTREAM_TIMEOUT", "The API's own server did not answer in time. The call was not counted.");
    public static readonly Problem CallEnded = new(503, "CALL_ENDED", "The call was ended before its answer came: its key or subscription has ended, or this node stops. The call was not counted.") { RetryAfterSeconds = 1 };
    public static readonly Problem BodyInvalid = new(400, "BODY_INVALID", "The request body ended early or is not well formed.");

    public static Problem Of(in AdmissionDecision decision) => decision.Verdict switch
    {
        AdmissionVerdict.KeyMissing => KeyMissing,
        AdmissionVerdict.KeyMalformed => KeyMalformed,
        AdmissionVerdict.KeyUnknown => KeyUnknown,
        AdmissionVerdict.KeyRevoked => KeyRevoked,
        AdmissionVerdict.KeyExpired => KeyExpired,
        AdmissionVerdict.SubscriptionInactive => SubscriptionInactive,
        AdmissionVerdict.EndpointNotInPlan => EndpointNotInPlan,
        AdmissionVerdict.AddressNotAllowed => AddressNotAllowed,
        AdmissionVerdict.EndpointNotInKey => EndpointNotInKey,
        AdmissionVerdict.RateLimited => RateLimited(decision),
        _ => Unavailable with { RetryAfterSeconds = Math.Max(1, decision.RetryAfterSeconds) },
    };

    /// <summary>What the server refuses before the path sees it, in the same words on both ports.</summary>
    public static Problem OfServer(int status)
    {
        var (known, code, detail) = ServerRefusals.Describe(status);
        return new Problem(known, code, detail);
    }

    private static readonly Problem KeyMissing = new(401, "KEY_MISSING", "Send your key as x-api-key or as Authorization: Bearer.");
    private static readonly Problem KeyMalformed = new(401, "KEY_MALFORMED", "This is not a Tollgate key: it must be copied whole, from tg_ to its last character.");
    private static readonly Problem KeyUnknown = new(401, "KEY_UNKNOWN", "This key is not known, or is for another API.");
    private static readonly Problem KeyRevoked = new(401, "KEY_REVOKED", "This key was revoked. Create a new one for the subscription.");
    private static readonly Problem KeyExpired = new(401, "KEY_EXPIRED", "This key has expired. Create a new one for the subscription.");
    private static readonly Problem SubscriptionInactive = new(403, "SUBSCRIPTION_INACTIVE", "The key's subscription is not active.");
    private static readonly Problem EndpointNotInPlan = new(403, "ENDPOINT_NOT_IN_PLAN", "The subscription's plan does not include this.");
    private static readonly Problem AddressNotAllowed = new(403, "ADDRESS_NOT_ALLOWED", "This key is for other addresses than the one that the call came from.");
    private static readonly Problem EndpointNotInKey = new(403, "ENDPOINT_NOT_IN_KEY", "This key is for other endpoints of the API.");
    private static readonly Problem Unavailable = new(503, "ADMISSION_UNAVAILABLE", "This node cannot decide on the call yet. Try again in a moment.");

    /// <summary>For an address that has no key, or none that is known.</summary>
    public static Problem AddressLimited(int seconds) =>
        new(429, "RATE_LIMITED", $"Too many requests from your address. Try again in {seconds} s.") { Reason = "rate", RetryAfterSeconds = seconds };

    private static Problem RateLimited(in AdmissionDecision decision)
    {
        var (reason, detail) = decision.Reason switch
        {
            RefusalReason.Quota => ("quota", "The plan's allowance for this period is used up."),
            RefusalReason.Concurrency => ("concurrency", "Too many calls of this subscription are running at once."),
            RefusalReason.SpendCap => ("spend_cap", "The spending limit of this subscription is reached."),
            _ => ("rate", "Too many calls in a short time."),
        };
        var seconds = Math.Max(1, decision.RetryAfterSeconds);
        return new Problem(429, "RATE_LIMITED", $"{detail} Try again in {seconds} s.") { Reason = reason, RetryAfterSeconds = seconds };
    }
}
