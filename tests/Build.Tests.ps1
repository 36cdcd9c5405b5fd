# Two builds of one project at the same time write the same files, and on a machine that never built it one of them fails now and then.
Describe 'The build of the solution' {
    It 'builds each project once for each of its frameworks, whoever refers to it' {
        $root = Split-Path -Path $PSScriptRoot
        if (-not (Test-Path -LiteralPath (Join-Path $root 'output/build/obj'))) {
            Set-ItResult -Skipped -Because 'it was BUILT ELSEWHERE'
            return
        }

        $env:DOTNET_CLI_UI_LANGUAGE = 'en'
        $said = dotnet build (Join-Path $root 'CryoBackup.sln') -c Release --no-restore --nologo -v normal -tl:off 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $said
        $built = [regex]::Matches($said, '"(?<project>[^"]+\.csproj)" \([\d:]+\) on node \d+ \((default|Build) target') |
            ForEach-Object { $_.Groups['project'].Value } | Group-Object -AsHashTable -AsString
        $projects = Get-ChildItem -Path $root/src, $root/tests -Recurse -File -Filter *.csproj
        $built.Count | Should -Be $projects.Count
        foreach ($project in $projects) {
            $frameworks = @(([xml] (Get-Content -LiteralPath $project.FullName -Raw)).SelectSingleNode('//TargetFramework|//TargetFrameworks').InnerText -split ';').Count
            # Several frameworks: one for each, and mostly one that asks for them.
            $built[$project.FullName].Count | Should -BeIn @($frameworks, ($frameworks -eq 1 ? 1 : $frameworks + 1)) -Because "$($project.Name) is one project"
        }
    }
}
