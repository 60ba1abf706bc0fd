using System.Security.Cryptography;
using Domicile.Control;
using Domicile.Deployments;
using Xunit;

namespace Domicile.Tests.Deployments;

/// <summary>Which tokens the configuration may name.</summary>
public sealed class TokenStrengthTests
{
    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("secret")]
    [InlineData("correct-horse")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    [InlineData("abababababababababababababababababababab")]
    [InlineData("0123456789012345678901234567890")]
    [InlineData("0123456789abcdef0123456789abcde")]
    [InlineData("abcdefghijklmnopqrstuvwx")]
    [InlineData("Abcdefghijklmnopqrstu")]
    public void What_can_be_guessed_is_refused_with_the_command_that_makes_one(string token)
    {
        var trouble = Assert.IsType<string>(TokenStrength.Trouble(token));

        Assert.Contains("openssl rand -hex 32", trouble, StringComparison.Ordinal);
        Assert.True(token.Length < 2 || !trouble.Contains(token, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("abcdefghijklmnop\tqrstuvwxyz0123456789")]
    [InlineData("abcdefghijklmnop qrstuvwxyz0123456789")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456789é")]
    public void What_no_header_carries_is_refused(string token)
        => Assert.Contains("no header carries", TokenStrength.Trouble(token), StringComparison.Ordinal);

    // Goal: what the usual commands draw is never refused: 2,000 draws of each.
    [Fact]
    public void What_is_drawn_from_128_random_bits_or_more_will_do()
    {
        for (var draw = 0; draw < 2_000; draw++)
        {
            var bytes = RandomNumberGenerator.GetBytes(16);
            Assert.Null(TokenStrength.Trouble(Convert.ToHexStringLower(bytes)));
            Assert.Null(TokenStrength.Trouble(Convert.ToHexString(bytes)));
            Assert.Null(TokenStrength.Trouble(Convert.ToBase64String(bytes)));
            Assert.Null(TokenStrength.Trouble(Convert.ToBase64String(bytes).TrimEnd('=')));
            Assert.Null(TokenStrength.Trouble(new Guid(bytes).ToString()));
            Assert.Null(TokenStrength.Trouble(Entropy.System.DrawToken()));
        }
    }
}
