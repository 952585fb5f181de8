using System.Text;
using Tollgate.Admission.Keys;

namespace Tollgate.Admission.Tests.Keys;

public sealed class KeyFormatTests
{
    [Theory]
    [InlineData(KeyFormat.Live)]
    [InlineData(KeyFormat.Test)]
    public void Generate_Always_MatchesThePublishedPattern(string prefix)
    {
        for (var i = 0; i < 1000; i++)
        {
            var key = KeyFormat.Generate(prefix);
            key.ShouldMatch("^tg_(live|test)_[0-9A-Za-z]{36}$");
            key.ShouldStartWith(prefix);
            KeyFormat.IsWellFormed(Encoding.ASCII.GetBytes(key)).ShouldBeTrue();
            KeyFormat.Shown(key).Length.ShouldBe(12);
        }
    }

    [Fact]
    public void IsWellFormed_AnyOneCharacterChanged_IsFalse()
    {
        var key = Encoding.ASCII.GetBytes(KeyFormat.Generate(KeyFormat.Live));
        for (var place = 0; place < key.Length; place++)
        {
            var changed = (byte[])key.Clone();
            changed[place] = changed[place] == (byte)'a' ? (byte)'b' : (byte)'a';
            KeyFormat.IsWellFormed(changed).ShouldBeFalse();
        }
    }

    [Fact]
    public void IsWellFormed_Noise_IsFalseAndNeverThrows()
    {
        var random = new Random(4711);
        for (var i = 0; i < 100_000; i++)
        {
            var noise = new byte[random.Next(0, 80)];
            random.NextBytes(noise);
            if (i % 2 == 0 && noise.Length >= 8)
                "tg_live_"u8.CopyTo(noise);
            KeyFormat.IsWellFormed(noise).ShouldBeFalse();
        }
    }
}
