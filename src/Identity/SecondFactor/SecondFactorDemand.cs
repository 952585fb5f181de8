using Microsoft.Extensions.Configuration;

namespace Tollgate.Identity.SecondFactor;

/// <summary>
/// Of whom the installation asks a second factor (<c>Identity__RequireSecondFactor</c>): nobody, its operators (<c>admins</c>), or everybody, as if each organization asked
/// it of its members.
/// </summary>
internal sealed class SecondFactorDemand
{
    public SecondFactorDemand(IConfiguration configuration)
    {
        var text = configuration["Identity:RequireSecondFactor"];
        OfEverybody = text is "everybody";
        OfOperators = OfEverybody || text is "admins";
        if (!OfOperators && text is not (null or "" or "nobody"))
            throw new InvalidOperationException("Identity__RequireSecondFactor must be nobody, admins or everybody.");
    }

    public bool OfOperators { get; }

    public bool OfEverybody { get; }
}
