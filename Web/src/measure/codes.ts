/** The codes of what is measured (Documentation/marks.md, PS3.16 CID 218 and 7464). */

export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

const code = (scheme: string, value: string, meaning: string): Code => ({ value, scheme, meaning });

export const quantities = {
  length: code("SCT", "410668003", "Length"),
  pathLength: code("DCM", "121211", "Path length"),
  radius: code("SCT", "131190003", "Radius"),
  perimeter: code("SCT", "131191004", "Perimeter"),
  angle: code("SCT", "1483009", "Angle"),
  cobbAngle: code("SCT", "285285000", "Cobb angle"),
  ratio: code("SCT", "118586006", "Ratio"),
  area: code("SCT", "42798000", "Area"),
  volume: code("SCT", "118565006", "Volume"),
  attenuation: code("DCM", "112031", "Attenuation Coefficient"),
  suv: code("DCM", "126401", "SUVbw"),
  pixelValue: code("99APUS", "pixelValue", "Pixel value"),
  pixelCount: code("99APUS", "pixelCount", "Pixel count"),
} as const;

export const derivations = {
  mean: code("SCT", "373098007", "Mean"),
  standardDeviation: code("SCT", "386136009", "Standard Deviation"),
  minimum: code("SCT", "255605001", "Minimum"),
  maximum: code("SCT", "56851009", "Maximum"),
} as const;

export type QuantityName = keyof typeof quantities;
export type DerivationName = keyof typeof derivations;

function nameIn<Name extends string>(table: Readonly<Record<Name, Code>>, wanted: Code | null): Name | null {
  if (wanted === null) return null;
  for (const name of Object.keys(table) as Name[]) {
    if (table[name].value === wanted.value && table[name].scheme === wanted.scheme) return name;
  }
  return null;
}

/** Our name of a code; `null` for one from elsewhere. */
export const quantityName = (code: Code): QuantityName | null => nameIn(quantities, code);
export const derivationName = (code: Code | null): DerivationName | null => nameIn(derivations, code);
