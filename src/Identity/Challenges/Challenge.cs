using Tollgate.Foundation;

namespace Tollgate.Identity.Challenges;

internal enum ChallengeKind
{
    VerifyEmail,
    ChangeEmail,
    ResetPassword,
    MailSignIn,
    SecondFactor,
    PasskeyRegistration,
    PasskeyAssertion,
    OidcSignIn,
}

/// <summary>A question to be asked. Without an account it is one that nobody can answer, made with the same work.</summary>
internal sealed record ChallengeDraft(ChallengeKind Kind, TimeSpan Lifetime)
{
    public Guid? AccountId { get; init; }

    public string? Email { get; init; }

    /// <summary>With a code of eight digits beside the link.</summary>
    public bool HasCode { get; init; }

    /// <summary>Only who asked can answer: it has a secret besides.</summary>
    public bool IsBound { get; init; }

    public string? State { get; init; }
}

/// <summary>A challenge with all that answers it; of this only digests are stored.</summary>
internal sealed record IssuedChallenge(Guid Id, ChallengeDraft Draft, string Secret, string? Binding, string? Code, string? CodeHash, DateTimeOffset ExpiresAt)
{
    public const string Prefix = "chl";

    public string PublicId => TypeId.Format(Prefix, Id);

    /// <summary>As a person reads and types it.</summary>
    public string? CodeInGroups => Code is null ? null : $"{Code[..4]} {Code[4..]}";
}

internal sealed class ChallengeRow
{
    public Guid Id { get; init; }

    public Guid? AccountId { get; init; }

    public string? Email { get; init; }

    public byte[]? BindingDigest { get; init; }

    public string? CodeHash { get; init; }

    public string? State { get; init; }
}
