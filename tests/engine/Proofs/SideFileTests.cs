using System.Globalization;
using System.Text;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Proofs;

/// <summary>A small file that many change.</summary>
public sealed class SideFileTests : IDisposable
{
    private const int Writers = 8;
    private const int Changes = 12;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Of those who change it at one moment none loses what another wrote, nobody reads half of it, and who looks for what the
    /// dead have left takes nothing from the living.</summary>
    [Fact]
    public void OfManyAtOnceNoneIsLost()
    {
        string path = Path.Combine(_folder.Path, "a.dump.proof.json");
        using var ended = new ManualResetEventSlim();
        var failures = new List<Exception>();
        Thread[] others =
        [
            Start(() => Until(ended, () => _ = LeftFile.Remove(path + BackupFileName.PartialSuffix, TimeSpan.FromHours(1))), failures),
            Start(() => Until(ended, () => Assert.EndsWith("\n", Text(SideFile.Read(path) ?? "\n"u8.ToArray()))), failures),
        ];
        Thread[] writers = [.. Enumerable.Range(0, Writers).Select(writer => Start(() => Write(path, writer), failures))];
        Array.ForEach(writers, writer => writer.Join());
        ended.Set();
        Array.ForEach(others, other => other.Join());

        Assert.Empty(failures);
        IEnumerable<string> all = Enumerable
            .Range(0, Writers)
            .SelectMany(writer => Enumerable.Range(0, Changes).Select(i => Line(writer, i)));
        Assert.Equal(all.Order(StringComparer.Ordinal), Text(SideFile.Read(path)!).TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    private static void Write(string path, int writer)
    {
        for (int i = 0; i < Changes; i++)
        {
            byte[] line = Encoding.UTF8.GetBytes(Line(writer, i) + "\n");
            SideFile.Update(path, known => [.. known ?? [], .. line]);
        }
    }

    private static string Line(int writer, int change) => string.Create(CultureInfo.InvariantCulture, $"{writer}.{change}");

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static void Until(ManualResetEventSlim ended, Action act)
    {
        while (!ended.IsSet)
        {
            act();
            Thread.Sleep(1);
        }
    }

    private static Thread Start(Action act, List<Exception> failures)
    {
        var thread = new Thread(() =>
        {
            try
            {
                act();
            }
            catch (Exception exception)
            {
                lock (failures)
                {
                    failures.Add(exception);
                }
            }
        });
        thread.Start();
        return thread;
    }
}
