using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Identity;

namespace Tollgate.Messaging.Mail;

/// <summary>A mail in the outbox: ciphertext, until when it is of use, whose turn it takes, and of which older ones it takes the place.</summary>
internal sealed record SealedMail(string Kind, byte[] Sealed, DateTimeOffset ExpiresAt, short Turn = 0, string? Topic = null, DateTimeOffset? HappenedAt = null)
{
    /// <summary>Somebody waits for it: it has a code or a link without which they cannot go on.</summary>
    public const string AwaitedEvent = "messaging.awaited_mail";
    public const string NewsEvent = "messaging.mail";
    public const string Purpose = "messaging.mail";

    /// <summary>The kind of a mail that only looks like one on its way. With a topic it stands in the queue, given up from the beginning: older ones are none any more.</summary>
    public const string Decoy = "Decoy";

    private const int Turns = 1024;

    public static string EventOf(AccountMailKind kind) =>
        kind is AccountMailKind.SignIn or AccountMailKind.ResetPassword or AccountMailKind.VerifyEmail or AccountMailKind.ConfirmNewEmail ? AwaitedEvent : NewsEvent;

    public static short TurnOf(string address) => (short)(BinaryPrimitives.ReadUInt16BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(address.ToUpperInvariant()))) % Turns);
}
