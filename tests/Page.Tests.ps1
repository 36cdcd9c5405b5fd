# The pages as a browser shows them: a fleet of twelve databases, a verification of all of them, one that failed, a restore.
BeforeDiscovery {
    $browser = Get-Command -Name chromium, chromium-browser, google-chrome, msedge -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $npm = Get-Command -Name npm -CommandType Application -ErrorAction Ignore
    $widths = @(
        foreach ($page in 'fleet', 'verification', 'failed', 'restore') {
            @{ Page = $page; Width = 360; Scheme = 'light' }
            @{ Page = $page; Width = 820; Scheme = 'dark' }
            @{ Page = $page; Width = 1280; Scheme = 'light' }
        }
    )
}

Describe 'The pages' {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        $names = 1..12 | ForEach-Object { "fleet_$($_.ToString('00'))" }
        $folder = Join-Path $TestDrive 'fleet'
        $pages = Join-Path $PSScriptRoot '../output/pages'
        if (Test-Path -LiteralPath $pages) {
            Remove-Item -LiteralPath $pages -Recurse
        }

        $null = New-Item -ItemType Directory -Path $pages
        $pages = (Resolve-Path -LiteralPath $pages).ProviderPath
        Initialize-TestDatabase fleet_01 200
        foreach ($name in $names[1..11]) {
            Clear-TestDatabase $name
            Invoke-Sql "CREATE DATABASE ""$name"" TEMPLATE fleet_01"
        }

        $null = 1..3 | ForEach-Object { New-CryoBackup $names -Path $folder -Timeout 600 -WarningAction SilentlyContinue; Start-Sleep -Seconds 1 }
        Get-CryoBackup $folder -Latest -Database 'fleet_0*' | Test-CryoBackup -Level Restore -MaxRestoreTime 1h -ReportPath (Join-Path $pages 'verification.html') 6>$null | Out-Null

        # One bad, one without the newest, one that the configuration names and nobody made.
        Edit-OneByte (Get-CryoBackup $folder -Latest -Database fleet_12).Path
        $null = Test-CryoBackup (Get-CryoBackup $folder -Latest -Database fleet_11, fleet_12).Path -ReportPath (Join-Path $pages 'failed.html') 6>$null
        Set-Content -LiteralPath (Join-Path $TestDrive 'fleet.yaml') "databases: [$($names -join ', '), fleet_13]`nlocal_backup_dir: '$folder'`nverification: {max_age: 26h}"
        $listed = Get-CryoBackup -Config (Join-Path $TestDrive 'fleet.yaml') -ReportPath (Join-Path $pages 'fleet.html')
        $json = Get-CryoBackup -Config (Join-Path $TestDrive 'fleet.yaml') -ReportPath $pages -Verbose 4>&1 | Where-Object { "$_" -match 'fleet_\d+_\d+\.json' }
        $null = Restore-CryoBackup $folder -Latest -Database fleet_01 -TargetDatabase fleet_copy -Create -ReportPath (Join-Path $pages 'restore.html')

        $rules = $null
        if (Get-Command -Name npm -CommandType Application -ErrorAction Ignore) {
            $modules = Join-Path $PSScriptRoot '../output/browser'
            $rules = Join-Path $modules 'node_modules/axe-core/axe.min.js'
            if (-not (Test-Path -LiteralPath $rules)) {
                $null = New-Item -ItemType Directory -Path $modules -Force
                Copy-Item -LiteralPath (Join-Path $PSScriptRoot 'browser/package.json') -Destination $modules
                & npm install --prefix $modules --no-audit --no-fund --silent *>$null
            }
        }

        # The rules' findings, from the browser itself: they are written into a copy of the page, whose policy would let no script run.
        function Get-Finding([string] $Page, [int] $Width, [string] $Scheme) {
            $copy = Join-Path $TestDrive "$Page-$Width-$Scheme.html"
            $text = (Get-Content -LiteralPath (Join-Path $pages "$Page.html") -Raw) -replace '<meta http-equiv="Content-Security-Policy"[^>]*>', ''
            $script = "<script>$(Get-Content -LiteralPath $rules -Raw)</script><script>document.querySelectorAll('details').forEach(d => d.open = true);
                axe.run(document).then(r => { const wide = document.documentElement.scrollWidth > window.innerWidth ? ['the page is wider than its window'] : [];
                document.body.setAttribute('data-found', JSON.stringify(wide.concat(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | ').slice(0, 300))))); });</script>"
            Set-Content -LiteralPath $copy -Value ($text -replace '</body>', ($script.Replace('$', '$$') + '</body>'))
            $words = '--headless', '--no-sandbox', '--disable-gpu', "--user-data-dir=$(Join-Path $TestDrive 'profile')", "--window-size=$Width,2000",
            "--blink-settings=preferredColorScheme=$($Scheme -eq 'dark' ? 0 : 1)", '--virtual-time-budget=20000', '--dump-dom', "file://$copy"
            $shown = (& $browser @words 2>$null) -join "`n"
            $found = [regex]::Match($shown, 'data-found="([^"]*)"')
            $found.Success | Should -BeTrue -Because 'the rules must have run'
            [System.Net.WebUtility]::HtmlDecode($found.Groups[1].Value) | ConvertFrom-Json
        }

        $browser = Get-Command -Name chromium, chromium-browser, google-chrome, msedge -CommandType Application -ErrorAction Ignore | Select-Object -First 1 -ExpandProperty Source
    }

    AfterAll {
        foreach ($name in $names + 'fleet_copy') {
            Clear-TestDatabase $name
        }
    }

    It 'of a fleet has a row for each database, those that want a look first' {
        $page = Get-Content -LiteralPath (Join-Path $pages 'fleet.html') -Raw
        $rows = @([regex]::Matches($page, '<tr><td class="word (\w+)">(\w+)</td><th scope="row">(\w+)</th>') | ForEach-Object { "$($_.Groups[1]) $($_.Groups[2]) $($_.Groups[3])" })
        $rows | Should -HaveCount 13
        $rows[0..1] | Should -Be 'failed Failed fleet_12', 'failed None fleet_13'
        $rows[2..10] | ForEach-Object { $_ | Should -Match '^passed Rehearsed fleet_0\d$' }
        $page | Should -Match '<h1>Without a good, young backup: fleet_12 and fleet_13 \(2 of 13 databases\)</h1>'
        $page | Should -Match "$([regex]::Escape($env:PGHOST)):$($env:PGPORT)"
        @($listed | Group-Object Database) | Should -HaveCount 12
    }

    It 'of a fleet is there as JSON as well' {
        $file = [regex]::Match("$json", "'([^']+\.json)'").Groups[1].Value
        $report = Get-Content -LiteralPath $file -Raw | ConvertFrom-Json
        $report.databases | Should -HaveCount 13
        ($report.databases | Where-Object database -EQ 'fleet_13').state | Should -Be 'none'
        ($report.databases | Where-Object database -EQ 'fleet_01').restore_duration_seconds | Should -BeGreaterThan 0
    }

    It 'of a verification names what failed' {
        Get-Content -LiteralPath (Join-Path $pages 'failed.html') -Raw | Should -Match '<h1>Failed: fleet_12 \(1 of 2 backups\)</h1>'
        Get-Content -LiteralPath (Join-Path $pages 'verification.html') -Raw | Should -Match '<h1>Passed: all 9 backups are proven</h1>'
    }

    It 'break no rule of accessibility in a browser: <Page>, <Width> wide, <Scheme>' -ForEach $widths -Skip:(-not $browser -or -not $npm) {
        Get-Finding $Page $Width $Scheme | Should -BeNullOrEmpty
    }
}
