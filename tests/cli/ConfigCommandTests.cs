using System.Text.Json;

namespace CryoBackup.Cli.Tests;

public sealed class ConfigCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cryobackup-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_example_passes_the_check_once_its_variable_has_a_default()
    {
        (int exitCode, string example, string errors) = Tool.Run("config", "--example");
        Assert.Equal(0, exitCode);
        Assert.Empty(errors);

        string file = Write("cryobackup.yaml", example);
        (exitCode, string output, errors) = Tool.Run("config", "--check", file);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("POSTGRES_PASSWORD is not set", errors, StringComparison.Ordinal);

        Write("cryobackup.yaml", example.Replace("${POSTGRES_PASSWORD}", "${POSTGRES_PASSWORD:-canary}", StringComparison.Ordinal));
        (exitCode, output, errors) = Tool.Run("config", file);
        Assert.Equal(0, exitCode);
        Assert.Contains("is good", errors, StringComparison.Ordinal);
        Assert.Contains("password: \"***\"", output, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public void The_check_prints_json_too()
    {
        (int exitCode, string output, _) = Tool.Run("config", "--check", Write("c.yaml", "database: {host: db, port: 5433}\n"), "--json");
        Assert.Equal(0, exitCode);
        Assert.Equal(5433, JsonDocument.Parse(output).RootElement.GetProperty("database").GetProperty("port").GetInt32());
    }

    [Fact]
    public void What_is_wrong_is_named_in_one_line_with_a_remedy()
    {
        string file = Write("c.yaml", "database:\n  hots: db\n");
        (int exitCode, string output, string errors) = Tool.Run("config", "--check", file);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"cryobackup: The configuration '{file}', line 2, column 3: the key 'database.hots' is not known.", lines[0]);
        Assert.Equal(["Remedy: Did you mean 'host'?"], lines[1..]);
    }

    [Fact]
    public void Every_command_takes_it()
    {
        string file = Write("c.yaml", "nothing: here\n");
        foreach (string[] arguments in new[] { new[] { "new", "app" }, ["test", "a"], ["restore", "a", "-d", "b"], ["list"] })
        {
            (int exitCode, _, string errors) = Tool.Run([.. arguments, "--config", file]);
            Assert.Equal(2, exitCode);
            Assert.Contains("'nothing' is not known", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_schema_lies_beside_the_tool() =>
        Assert.Equal(
            Tool.Run("config", "--schema").Output,
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "cryobackup.schema.json"))
        );

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
