using System.Numerics;

namespace Tollgate.Identity.Tokens;

/// <summary>Whether an RSA key of somebody else is strong enough to believe its signatures.</summary>
internal static class RsaStrength
{
    private const int LeastBits = 2048;
    private const int MostBits = 8192;
    private const int Generator = 65537;

    // The generator's powers modulo each odd prime up to 701: what the keys of ROCA with 2048 bits are made of.
    private static readonly (int Prime, HashSet<int> Powers)[] Fingerprint = [.. Primes(701).Select(prime => (prime, PowersModulo(prime)))];

    /// <summary>The exponent as FIPS 186-5 has it: odd and more than 2^16. One of 1 would accept anything.</summary>
    public static bool IsEnough(BigInteger modulus, BigInteger exponent) =>
        modulus.GetBitLength() is >= LeastBits and <= MostBits && !modulus.IsEven && exponent > 65536 && !exponent.IsEven && !IsRoca(modulus);

    // CVE-2017-15361: every prime of such a key is a power of 65537 modulo the product of the small primes, and so is the modulus. Others pass all by chance less
    // than once in 2^160.
    private static bool IsRoca(BigInteger modulus) => Array.TrueForAll(Fingerprint, small => small.Powers.Contains((int)(modulus % small.Prime)));

    private static IEnumerable<int> Primes(int last) =>
        Enumerable.Range(3, last - 2).Where(number => number % 2 != 0 && !Enumerable.Range(2, (int)Math.Sqrt(number) - 1).Any(divisor => number % divisor == 0));

    private static HashSet<int> PowersModulo(int prime)
    {
        var powers = new HashSet<int>();
        for (var power = 1; powers.Add(power); power = power * (Generator % prime) % prime)
        {
        }
        return powers;
    }
}
